//! `rutter init`

use clap::Args;
use serde_json::json;

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::Page;

/// Make the store and the files beside it
///
/// Takes in the sessions that other scripts left there. Safe to run again.
#[derive(Args)]
pub(crate) struct InitArgs {
    /// Answer yes to every question
    #[arg(long)]
    yes: bool,
}

pub(super) fn init(context: &Context, args: &InitArgs) -> Result<(), Failure> {
    // There is nothing to ask yet: the flag is there for scripts, and for the agents that will be asked about.
    let _ = args.yes;
    context.write(|tracker| {
        tracker.prepare_mirror();
        let home = tracker.config().home()?;
        let mirror = tracker.config().mirror_root();
        let view = json!({"store": home, "mirror": mirror, "config": tracker.config().file});
        context.ui.data(&view, || {
            let mut page = Page::default();
            page.text(format!("Store:  {}", home.join("rutter.db").display()));
            page.text(match &mirror {
                Some(root) => format!("Files:  {}", root.display()),
                None => "Files:  off".to_owned(),
            });
            page.text(format!("Config: {}", tracker.config().file.display())).gap();
            page.text("Begin with: rutter start -d \"what you are about to do\"");
            page.text(format!("To undo:    rm -r '{}'", home.display()));
            if let Some(root) = &mirror {
                page.text(format!(
                    "            and what rutter wrote below {}; what other scripts wrote there stays theirs",
                    root.display()
                ));
            }
            page
        })
    })
}
