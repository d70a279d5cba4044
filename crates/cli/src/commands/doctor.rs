//! `rutter doctor`

use clap::Args;
use tracker::{Finding, Severity};

use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, plain};

/// Look for what is wrong and say what to type
///
/// Exits 1 when something does not work.
#[derive(Args)]
pub(crate) struct DoctorArgs {}

pub(super) fn doctor(context: &Context, _args: &DoctorArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let findings = tracker.doctor()?;
        context.ui.list(&findings, || page(&findings))?;
        let problems = findings.iter().filter(|finding| finding.severity == Severity::Problem).count();
        if problems > 0 {
            return Err(Failure {
                exit: Exit::No,
                lines: vec![format!("{problems} of {} checks found a problem", findings.len())],
                hints: Vec::new(),
            });
        }
        Ok(())
    })
}

fn page(findings: &[Finding]) -> Page {
    let mut page = Page::default();
    for finding in findings {
        let (word, role) = match finding.severity {
            Severity::Ok => ("ok", Role::Good),
            Severity::Warning => ("warning", Role::Heading),
            Severity::Problem => ("problem", Role::Bad),
        };
        page.line([Span::Text(role, format!("{word:<8}")), plain(format!("{}: {}", finding.check, finding.found))]);
        if let Some(hint) = &finding.hint {
            page.line([plain("         "), Span::Text(Role::Dim, format!("hint: {hint}"))]);
        }
    }
    page
}
