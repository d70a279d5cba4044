//! Searching what was recorded, and where people allowed it, the text of transcripts.
//!
//! | file | holds |
//! |---|---|
//! | `ask` | the question, and what is found |
//! | `view` | a hit as it is shown |
//! | `snippet` | the place in a text where the words are |
//! | `words` | a text word by word, as the search reads it |
//! | `follow` | entries, sessions and prompts, followed in the store's events |
//! | `document` | what of them can be found |
//! | `text` | the text of transcripts, followed in their files |
//! | `hear` | reading these files, on some threads |
//! | `kept` | what of them people let be kept |
//! | `places` | which project a directory is of |

mod ask;
mod document;
mod follow;
mod hear;
mod kept;
mod places;
mod snippet;
mod text;
mod view;
mod words;

pub use ask::{Found, SearchError, WantedHits};
pub use document::roles;
pub use text::TextView;
pub use view::{HitView, Piece};
