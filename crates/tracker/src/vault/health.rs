//! What `doctor` says of the vault.

use super::VaultView;
use crate::doctor::{Finding, Severity};
use crate::note::counted;
use crate::{Tracker, VaultError};

/// So many days ahead somebody wants to know what is about to go.
const AHEAD: u64 = 7;

const CHECK: &str = "vault";

impl Tracker {
    /// Looks at the vault; nothing is said of one that nobody has and that nobody would miss.
    pub(crate) fn look_at_vault(&self) -> Vec<Finding> {
        match self.vault_view(AHEAD) {
            Ok(view) => found(&view).into_iter().chain(self.databases_beside(&view)).collect(),
            Err(VaultError::Config(_)) => Vec::new(),
            Err(error) => {
                let found = super::copy::words_of(&error);
                vec![Finding::new(CHECK, Severity::Problem, found).hint("rutter vault verify")]
            }
        }
    }

    /// Says which databases the vault does not have: who switched it on may think that it has everything.
    fn databases_beside(&self, view: &VaultView) -> Option<Finding> {
        let roots = self.config.transcript_roots().ok().filter(|_| view.enabled)?;
        let first = roots.iter().find_map(|(agent, root)| agent.databases(root).into_iter().next())?;
        Some(Finding::ok(CHECK, format!("it does not have what is in {}: no database is copied", first.path.display())))
    }
}

fn found(view: &VaultView) -> Option<Finding> {
    let warning = |found: String, hint: &str| Some(Finding::new(CHECK, Severity::Warning, found).hint(hint));
    let going = view.leaving.unsafe_ids.len() as u64;
    if let Some(first) = view.damaged.first() {
        let others = if view.damaged.len() > 1 { format!(", and {} more", view.damaged.len() - 1) } else { String::new() };
        return Some(Finding::new(CHECK, Severity::Problem, format!("it is damaged: {first}{others}")).hint("rutter vault verify"));
    }
    if !view.enabled {
        let what = counted(going, "conversation");
        let found = || format!("it is off, and {what} that it does not have will be deleted by the agent within {AHEAD} days");
        let is_used = view.conversations > 0;
        let off = || Finding::ok(CHECK, format!("off; it has {}", counted(view.conversations, "conversation")));
        return if going > 0 { warning(found(), "rutter vault on") } else { is_used.then(off) };
    }
    if view.left_out > 0 {
        let found = format!("it is full: there was no room for {}", counted(view.left_out, "conversation"));
        return warning(found, "rutter config vault.max_bytes SIZE");
    }
    if view.behind > 0 {
        let found = format!("it is behind: {} of more than a day ago are not in it as they are now", counted(view.behind, "conversation"));
        return warning(found, "rutter vault copy");
    }
    Some(Finding::ok(CHECK, format!("on; it has {}", counted(view.conversations, "conversation"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LeavingView;

    fn check(view: VaultView, expected: &str) {
        let told = found(&view).map(|finding| format!("{:?}: {} ({})", finding.severity, finding.found, finding.hint.unwrap_or_default()));
        assert_eq!(told.unwrap_or_default(), expected);
    }

    #[test]
    fn a_vault_that_is_damaged_full_behind_or_off_when_it_is_needed_is_said() {
        let leaving = || LeavingView { unsafe_ids: vec!["c".to_owned()], ..LeavingView::default() };
        let on = || VaultView { enabled: true, conversations: 2, ..VaultView::default() };
        check(VaultView::default(), "");
        check(VaultView { conversations: 1, ..VaultView::default() }, "Ok: off; it has 1 conversation ()");
        check(on(), "Ok: on; it has 2 conversations ()");
        check(
            VaultView { leaving: leaving(), ..VaultView::default() },
            "Warning: it is off, and 1 conversation that it does not have will be deleted by the agent within 7 days (rutter vault on)",
        );
        check(
            VaultView { left_out: 3, behind: 4, ..on() },
            "Warning: it is full: there was no room for 3 conversations (rutter config vault.max_bytes SIZE)",
        );
        check(
            VaultView { behind: 4, ..on() },
            "Warning: it is behind: 4 conversations of more than a day ago are not in it as they are now (rutter vault copy)",
        );
        check(
            VaultView { damaged: vec!["a: it is damaged".to_owned(), "b".to_owned()], left_out: 3, ..on() },
            "Problem: it is damaged: a: it is damaged, and 1 more (rutter vault verify)",
        );
    }
}
