//! `rutter show`

use clap::Args;
use serde_json::json;
use tracker::WantedChain;

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::layout;

/// Show everything about a session
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// The session (default: the current one)
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
}

pub(super) fn show(context: &Context, args: &ShowArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let (session, items) = tracker.list_work(context.named(&args.named))?;
        let view = tracker.whole_view(&session)?;
        let timeline = tracker.timeline(&session)?;
        let chain = tracker.chain(&WantedChain { session: Some(view.id.clone()), ..WantedChain::default() })?;
        let mut shape = json!(view);
        shape["timeline"] = json!(timeline);
        context.ui.data(&shape, || {
            let mut page = layout::whole(&view, &session, &items, layout::origin(&chain));
            page.page(layout::timeline(&timeline));
            page
        })
    })
}
