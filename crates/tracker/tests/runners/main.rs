//! What test runners really print, as captured in `fixtures/`, and what is read from it.

mod captured;
mod hostile;
mod mixed;
