//! D3: the power goes at any moment, and what was acknowledged is there.
//!
//! A kill cannot show a sync that is missing, since the page cache survives it. So the real programs work under `strace`, every change
//! of a file is read off the trace, and the directory is made again as a disk may have it after a cut: with what was synced, and with as
//! much of the rest as chance wants. In each state the store is opened and the inbox taken in, as the next command would.
//!
//! | file | holds |
//! |---|---|
//! | `work` | what agents and a person do until the power goes |
//! | `trace` | what `strace` wrote, as changes of files |
//! | `disk` | what of these changes is on a disk, and which states a cut may leave |
//! | `vault` | the same for copies of transcripts: whole, and none missing that was copied |
//! | `replay` | a state looked at: nothing broken, doubled, or lost that must be there |
//!
//! Which calls of the hook sync is tested in `hook/tests/hook/power.rs`, event by event.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod disk;
mod replay;
mod trace;
mod vault;
mod work;

use crate::disk::Order;
use crate::replay::replay;
use crate::vault::replay_vault;

#[test]
fn d3_1_000_cuts_lose_nothing_before_the_last_boundary_and_then_only_the_end() {
    replay(1, Order::OfAppends, 1_000);
}

#[test]
fn d3_1_000_cuts_of_a_disk_that_keeps_no_order_lose_nothing_before_the_last_boundary() {
    replay(2, Order::None, 1_000);
}

#[test]
fn d3_1_000_cuts_leave_every_copy_of_a_transcript_whole() {
    replay_vault(1, Order::OfAppends, 500);
    replay_vault(2, Order::None, 500);
}

#[test]
#[ignore = "takes minutes: 20,000 states"]
fn d3_20_000_cuts_lose_nothing_that_was_promised() {
    for seed in 3..13 {
        replay(seed, Order::OfAppends, 1_000);
        replay(seed, Order::None, 1_000);
    }
}
