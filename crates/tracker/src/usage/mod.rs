//! What agents used: tokens by kind, what they cost, and how much of that is only a lower bound.
//!
//! Counting is a pure function, [`report`](report()), of what all transcripts say together, of prices, and of whose a response is.
//!
//! | file | holds |
//! |---|---|
//! | `report` | responses counted in groups |
//! | `calendar` | days, weeks, months in a time zone; five-hour blocks |
//! | `prices`, `prices.toml` | what models cost, and since when |
//! | `models` | the many names of one model |
//! | `cost` | money, exactly |
//! | `owners` | whose a response is, by the store |
//! | `view` | the public shape |

mod calendar;
mod cost;
mod models;
mod owners;
mod prices;
mod report;
mod view;

use std::path::PathBuf;

use store::{Progress, StoreError};

use crate::{CurrentError, GroupKind, IndexError, ProjectError, Purpose, Tracker};
use report::sort;

pub use cost::Cost;
pub(crate) use owners::StoreOwners;
pub(crate) use prices::TABLES as PRICE_TABLES;
pub use prices::{PriceError, Prices};
pub(crate) use report::call_by_name;
pub use report::{Own, Owner, Owners, Sum, UsageBy, UsageReport, UsageRow, WantedUsage, report};
pub(crate) use view::usage_object;
pub use view::{BlockView, DifferenceView, OwnTokensView, SidechainView, UnknownModelView, UsageView};

/// Why use cannot be reported.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// The prices in the configuration do not read.
    #[error("cannot use the prices in `{path}`")]
    Prices {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PriceError,
    },
    /// Transcripts cannot be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The session cannot be determined.
    #[error(transparent)]
    Current(#[from] CurrentError),
    /// The project cannot be determined.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tracker {
    /// Counts what agents used, after reading what is new in transcripts.
    ///
    /// # Errors
    /// When the prices do not read, transcripts cannot be read, the session or the project cannot be determined, or the
    /// store cannot answer.
    pub fn usage(&mut self, wanted: &WantedUsage, progress: &mut Progress<'_>) -> Result<UsageReport, UsageError> {
        let prices = self.config.prices()?;
        let session = match &wanted.session {
            Some(named) => Some(self.resolve(Some(named), Purpose::Reading)?.key),
            None => None,
        };
        let ledger = match wanted.by {
            // Only here it matters what agents say of their totals.
            UsageBy::Session => self.ledger(progress)?,
            _ => self.ledger_of_usage(progress)?,
        };
        let mut owners = StoreOwners::new(self, session, wanted.all_projects)?;
        let report = report(&ledger, &prices, wanted, &mut owners);
        if let Some(error) = owners.trouble {
            return Err(error.into());
        }
        let by = match wanted.by {
            UsageBy::Ticket => GroupKind::Ticket,
            UsageBy::Tag => GroupKind::Tag,
            _ => return Ok(report),
        };
        let mut report = self.by_groups(report, by, &ledger)?;
        sort(&mut report.rows, wanted.by);
        Ok(report)
    }
}
