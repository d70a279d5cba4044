//! `rutter templates`

use clap::{Args, Subcommand};
use tracker::{TemplateScope, TemplateView};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, brief, plain};

/// See and make templates: what a session begins with
///
/// A template is a file, NAME.toml: of your own in `templates` beside the store, or of the repository in `.rutter/templates`. Yours goes before the
/// repository's of the same name. It can have `type`, `description`, `tags`, `metadata`, `work_items` and `entries`; texts can have {branch}, {ticket},
/// {date} and {user} in them. A template fills a session and does nothing else. Without a subcommand, lists them.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter templates new bugfix --from 12     One of your own, from session 00012\n  rutter start --template bugfix            A session that begins so\n  rutter templates show bugfix --json       What is in it"
)]
pub(crate) struct TemplatesArgs {
    #[command(subcommand)]
    command: Option<TemplatesCommand>,
}

#[derive(Subcommand)]
enum TemplatesCommand {
    /// List the templates that there are here
    List,
    /// Show one
    Show(ShowArgs),
    New(NewArgs),
}

#[derive(Args)]
struct ShowArgs {
    /// Its name
    #[arg(value_name = "NAME", value_parser = lossy())]
    name: String,
}

/// Make one from a session: its type, description, tags, values, work items and open points
#[derive(Args)]
struct NewArgs {
    /// What it is to be called
    #[arg(value_name = "NAME", value_parser = lossy())]
    name: String,
    /// The session (default: the current one)
    #[arg(long, value_name = "SESSION", value_parser = lossy())]
    from: Option<String>,
    /// Put it into the repository, for everybody who works in it
    #[arg(long)]
    shared: bool,
}

pub(super) fn templates(context: &Context, args: &TemplatesArgs) -> Result<(), Failure> {
    match &args.command {
        None | Some(TemplatesCommand::List) => list(context),
        Some(TemplatesCommand::Show(args)) => show(context, args),
        Some(TemplatesCommand::New(args)) => new(context, args),
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    context.refuse_named()?;
    context.read(|tracker| {
        let views = tracker.templates();
        if views.is_empty() {
            context.ui.note("No templates here; `rutter templates new NAME --from SESSION` makes one.");
            return Ok(());
        }
        context.ui.list(&views, || listed(&views))
    })
}

fn show(context: &Context, args: &ShowArgs) -> Result<(), Failure> {
    context.refuse_named()?;
    context.read(|tracker| {
        let view = tracker.template(&args.name)?;
        context.ui.data(&view, || whole(&view))
    })
}

fn new(context: &Context, args: &NewArgs) -> Result<(), Failure> {
    let scope = if args.shared { TemplateScope::Project } else { TemplateScope::User };
    context.write(|tracker| {
        let view = tracker.new_template(&args.name, context.named(&args.from), scope)?;
        if !view.used {
            context.ui.warn(&format!("`{}` stands for your own template of that name, not for this one", view.name));
        }
        context.ui.data(&view, || {
            let mut page = Page::default();
            page.text(&view.path);
            page
        })
    })
}

fn listed(views: &[TemplateView]) -> Page {
    let mut page = Page::default();
    for view in views {
        let about = match (&view.error, &view.description) {
            (Some(error), _) => Span::Text(Role::Bad, format!("  {}", brief(error))),
            (None, Some(description)) => plain(format!("  {}", brief(description))),
            (None, None) => plain(""),
        };
        let standing = if view.used { "" } else { ", hidden by your own" };
        let kind = view.prefix.as_deref().map_or_else(String::new, |prefix| format!(" {prefix}"));
        page.line([
            Span::Text(Role::Heading, view.name.clone()),
            plain(kind),
            Span::Text(Role::Dim, format!(" ({}{standing})", view.scope)),
            about,
        ]);
    }
    page
}

fn whole(view: &TemplateView) -> Page {
    let mut page = Page::default();
    page.line([Span::Text(Role::Heading, view.name.clone()), plain(format!("  {}", view.path))]).gap();
    for (name, value) in [("Type", &view.prefix), ("Description", &view.description)] {
        page.texts(value.as_ref().map(|value| format!("{name}: {}", brief(value))));
    }
    if !view.tags.is_empty() {
        page.text(format!("Tags: {}", brief(&view.tags.join(" "))));
    }
    for (name, value) in &view.metadata {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        page.text(format!("Metadata: {} = {}", brief(name), brief(&value)));
    }
    if !view.work_items.is_empty() {
        page.gap().line([Span::Text(Role::Heading, "Work items".into())]);
        page.texts(view.work_items.iter().map(|item| format!("  - {} {}", item.prefix, brief(&item.description))));
    }
    if !view.entries.is_empty() {
        page.gap().line([Span::Text(Role::Heading, "Entries".into())]);
        for entry in &view.entries {
            let category = entry.category.map_or_else(String::new, |category| format!(" [{category}]"));
            let why = entry.rationale.as_deref().map_or_else(String::new, |why| format!(", because {}", brief(why)));
            page.text(format!("  - {}{category}: {}{why}", entry.kind, brief(&entry.text)));
        }
    }
    page
}
