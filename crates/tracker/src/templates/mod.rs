//! Templates: what a session can begin with, in files of a person's own and of a repository.
//!
//! A template fills a session and does nothing else. One that came with a repository is somebody else's text: no link leads to it, its
//! name leads nowhere, and nothing in it is run, looked up or opened.
//!
//! | file | holds |
//! |---|---|
//! | `template` | what a template is, its name, and why one cannot be used |
//! | `read` | a file to a template, or the line that is wrong; pure |
//! | `value` | what stands behind a key, read; pure |
//! | `fill` | `{branch}` and such: what stands there in the end; pure |
//! | `compose` | a template to a file; pure |
//! | `shelf` | the directories in which templates are |
//! | `start` | a start with a template |
//! | `make` | listing templates; a new one from a session |
//! | `view` | the public shape |

mod compose;
mod fill;
mod make;
mod read;
mod shelf;
mod start;
mod template;
mod value;
mod view;

pub use template::{TemplateError, TemplateScope};
pub use view::{TemplateEntryView, TemplateView, TemplateWorkView};
