//! The same payloads, taken in again in other orders, must come to the same: which session has which conversation, how it ended, what follows
//! what, and where the heads are.

use std::path::Path;

use testkit::{Left, swap_neighbours};

use crate::stage::Stage;
use crate::story::Answers;

/// In which order, and how much at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    AtOnce,
    RecordByRecord,
    NeighboursSwapped,
}

const ORDERS: [Order; 3] = [Order::AtOnce, Order::RecordByRecord, Order::NeighboursSwapped];

/// What a person said to `rutter` while agents worked.
#[derive(Debug)]
pub(crate) struct Said {
    /// How many records hooks had left by then.
    pub(crate) after: usize,
    pub(crate) at: String,
    pub(crate) arguments: Vec<String>,
}

impl Stage {
    /// Takes in again what hooks left, in other orders, into stores of their own; what a person said is said again at its place. Processes
    /// are gone by then.
    #[track_caller]
    pub(crate) fn replayed_in_other_orders(&self) {
        let told = by_conversation(&self.answers(&self.store()));
        for order in ORDERS {
            assert_eq!(self.replayed(order), told, "{order:?}");
        }
    }

    /// The same, where the agent's own shell said something that only a running agent can say: all orders come to the same.
    #[track_caller]
    pub(crate) fn replayed_alike(&self) {
        let told = self.replayed(Order::AtOnce);
        for order in &ORDERS[1..] {
            assert_eq!(self.replayed(*order), told, "{order:?}");
        }
    }

    fn replayed(&self, order: Order) -> Vec<String> {
        let store = self.home.beside(&format!("{order:?}-{}", self.replays.replace(self.replays.get() + 1)));
        let mut left = Left::all_of(&self.store());
        let mut from = 0;
        for said in self.said.borrow().iter() {
            self.leave(&mut left[from..said.after], &store, order);
            self.say_again(said, &store);
            from = said.after;
        }
        self.leave(&mut left[from..], &store, order);
        by_conversation(&self.answers(&store))
    }

    fn leave(&self, left: &mut [Left], store: &Path, order: Order) {
        if order == Order::NeighboursSwapped {
            tell(left.len(), swap_neighbours(left));
        }
        for each in left {
            each.leave(store);
            if order == Order::RecordByRecord {
                self.objects_of(store, ["list"]);
            }
        }
    }

    /// Says something when it was said.
    fn say_again(&self, said: &Said, store: &Path) {
        let again = self.command_of(store).args(&said.arguments).args(["--at", &said.at]).output().unwrap();
        assert!(again.status.success(), "{again:?}");
    }
}

/// Figures for whoever runs the tests with `--no-capture`.
#[expect(clippy::print_stderr, reason = "a figure that was measured is worth a look")]
fn tell(records: usize, swaps: usize) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    eprintln!("{test}: {swaps} pairs of {records} records swapped");
}

/// Tells everything by the ids of conversations: those of sessions differ, and so do their numbers.
fn by_conversation(answers: &Answers) -> Vec<String> {
    let named = |id: &str| id.to_owned();
    let session = |id: &str| {
        let found = answers.sessions.iter().find(|session| session["id"] == id);
        found.map_or_else(String::new, |session| format!("[{} {}]", session["agent_sessions"], session["description"]))
    };
    let counts = |each: &serde_json::Value| format!("{} {} turns {} calls", each["description"], each["turns"], each["tool_calls"]);
    let told = answers.sessions_told(&session, &named).into_iter().zip(&answers.sessions);
    let mut sessions: Vec<_> = told.map(|(told, each)| format!("{told} {}", counts(each))).collect();
    sessions.sort();
    let chains = answers.scopes().into_iter().flat_map(|scope| {
        let chain = answers.chain_told(&scope, &session, &named);
        chain.into_iter().map(move |line| format!("{scope}: {line}"))
    });
    sessions.into_iter().chain(chains).chain(answers.heads_told(&named)).collect()
}
