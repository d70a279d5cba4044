//! One room for each agent: everything that is known about it, and nothing else.
//!
//! | room | agent |
//! |---|---|
//! | `claude_code` | Claude Code |

pub mod claude_code;
