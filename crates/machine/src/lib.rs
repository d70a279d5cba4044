//! What this machine says of itself: its clocks, its name, its processes.
//!
//! Apart, because the hook needs it as much as the tracker does, and the hook may link neither the tracker nor a store.
//!
//! | file | holds |
//! |---|---|
//! | `clocks` | the wall clock with its offset, the boot clock |
//! | `processes` | which process a number stands for, whether it is still that one, what it descends from |
//! | `open_files` | which files processes have open |

mod clocks;
mod open_files;
mod processes;

pub use clocks::{Clocks, boot};
pub use open_files::OpenFiles;
pub use processes::{ancestors, is_judged_here, is_running, name, process, variables_of};
