//! Which conversations are of a project: by the session recorded for each, else by where its transcript says that it worked.

use std::collections::HashMap;

use super::InventoryError;
use super::list::Known;
use crate::holdings::Holding;
use crate::usage::{Owners, StoreOwners};
use crate::{ProjectError, Tracker};

impl Tracker {
    /// Keeps the conversations of the project that is named. Of what nobody can say where it was, nobody can say that it is the project's.
    ///
    /// # Errors
    /// When nothing was ever recorded in such a project, several are called so, or the store cannot answer.
    pub(super) fn keep_of_project(&self, holdings: &mut Vec<Holding>, known: &Known) -> Result<(), InventoryError> {
        let unknown = || ProjectError::Unknown { name: self.config.project().unwrap_or_default().to_owned() };
        let wanted = self.project_here()?.ok_or_else(unknown)?.key;
        let unrecorded: Vec<&Holding> = holdings.iter().filter(|holding| known.project(holding).is_none()).collect();
        let mut said = self.contents(&unrecorded)?.into_iter();
        let (mut owners, mut judged) = (StoreOwners::of_project(self, wanted), HashMap::new());
        holdings.retain(|holding| match known.project(holding) {
            Some(project) => project == wanted,
            None => {
                let stored = || holding.stored.as_ref().map(|stored| redact::mask(&stored.directory).into_owned());
                let cwd = said.next().and_then(|said| said.cwd).or_else(stored);
                cwd.is_some_and(|cwd| *judged.entry(cwd).or_insert_with_key(|cwd| owners.is_wanted(Some(cwd.as_str()))))
            }
        });
        owners.trouble.map_or(Ok(()), |error| Err(error.into()))
    }
}
