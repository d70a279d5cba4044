//! `rutter index`

use std::time::Duration;

use clap::Args;
use tracker::{IndexView, Tracker};

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, counted, megabytes};

/// Read what is new in agents' transcripts
///
/// Takes in the sessions that only transcripts tell of. What was read is not read again; `rutter usage` and others bring the index up to date
/// by themselves. Can be interrupted at any time, and goes on where it was.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter index            Read what is new\n  rutter index --watch    Go on reading as it is written\n  rutter index --again    Throw the index away and read everything"
)]
pub(crate) struct IndexArgs {
    /// Throw the index away first; what only rutter still knows is kept
    #[arg(long)]
    again: bool,
    /// Stay, and read what is new as it is written, until interrupted
    #[arg(long)]
    watch: bool,
}

/// How often whoever watches looks: what was written is there before anybody has looked up.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) fn index(context: &Context, args: &IndexArgs) -> Result<(), Failure> {
    context.refuse_named()?;
    context.refuse_project()?;
    context.write(|tracker| {
        if args.again {
            tracker.throw_index_away()?;
            tracker.throw_search_away()?;
        }
        let view = tracker.index(&mut context.ui.progress_of_bytes("Reading"))?;
        context.ui.data(&view, || page(&view))?;
        index_text(context, tracker)?;
        if !args.watch {
            return Ok(());
        }
        let mut noted = tracker.take_notes();
        context.ui.notes(&noted);
        loop {
            std::thread::sleep(LOOK_EVERY);
            let view = tracker.index_again(&mut |_, _| {})?;
            let notes = tracker.take_notes();
            if notes != noted {
                context.ui.notes(&notes);
                noted = notes;
            }
            tracker.index_text(&mut |_, _| {})?;
            let has_news = view.read + view.gone + view.sessions > 0;
            if has_news && !context.ui.list_while_read(std::slice::from_ref(&view), || page(&view))? {
                return Ok(());
            }
        }
    })
}

/// Reads what is new in the text of transcripts, where people allowed it. It takes longer than everything else, so it comes last.
fn index_text(context: &Context, tracker: &mut Tracker) -> Result<(), Failure> {
    let text = tracker.index_text(&mut context.ui.progress_of_bytes("Reading text"))?;
    if text.is_busy {
        context.ui.note("note: the text of transcripts is being read by another command");
    } else if text.read > 0 {
        context.ui.note(&format!("Read the text of {}, {}", counted(text.read, "file"), megabytes(text.bytes)));
    }
    text.unreadable.iter().for_each(|trouble| context.ui.note(&format!("Could not read {trouble}")));
    Ok(())
}

fn page(view: &IndexView) -> Page {
    let mut page = Page::default();
    let read = match view.read {
        0 => "nothing new".to_owned(),
        read => format!("read {} of {}", megabytes(view.bytes), counted(read, "file")),
    };
    page.text(format!("{}: {read}", counted(view.files, "transcript")));
    if view.sessions > 0 {
        page.text(format!("Took in {} that nobody had recorded", counted(view.sessions, "session")));
    }
    if view.gone > 0 {
        page.text(format!("{} gone; what they said is kept", counted(view.gone, "transcript")));
    }
    if view.broken_lines > 0 {
        page.text(format!("Passed over: {} that are no JSON", counted(view.broken_lines, "line")));
    }
    page.texts(view.unreadable.iter().map(|trouble| format!("Could not read {trouble}")));
    page
}
