//! The use cases over a store and a mirror in a temporary directory, with a clock that stands still.

mod current;
mod exchange;
mod lifecycle;
mod mirror;
mod places;
mod take_in;
