//! The fragment of a Makefile by which a session is tracked with `make track-log MSG="…"`.
//!
//! Apart, because two languages read it before a program runs: make, then a shell. What people type reaches neither as code. Make takes the
//! value as it was typed (`$(value …)`), the environment carries it, and texts arrive on stdin, so that one that begins with a dash is no flag.

/// Returns the fragment. It calls the program by this name or path, which has no line breaks.
#[must_use]
pub fn fragment(program: &str) -> String {
    FRAGMENT.replacen("@PROGRAM@", &word(program), 1)
}

/// Returns a path as make reads it and gives it to a shell: one word, whatever it holds.
fn word(program: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+".contains(letter);
    if !program.is_empty() && program.chars().all(is_plain) {
        return program.to_owned();
    }
    let quoted = program.replace('\'', r"'\''").replace(['\n', '\r'], " ");
    format!("'{}'", quoted.replace('$', "$$").replace('#', "$(rutter_hash)"))
}

const FRAGMENT: &str = r##"# Session tracking commands, made by `rutter makefile`
#
#   include rutter.mk
#
#   make new-session                             asks for a number, starts the session, writes .session.env
#   make track-init SESSION=00003                starts the session with this number
#   make track-log MSG="..." [CATEGORY=testing]  implementation, testing, planning, bugfix, refactor, documentation
#   make track-decision MSG="..." RATIONALE="..."
#   make track-test MSG="..." PASSED=41 FAILED=1 [SKIPPED=2]
#   make track-blocker MSG="..."
#   make track-todo MSG="..."                    for the next session
#   make track-summary, track-handoff, track-end
#
# Without SESSION it is the session that CURRENT_SESSION names, else the current one.
# A text arrives as it was typed, with its quotes, `$`, backticks and line breaks; make takes away blanks before it. In double quotes
# your shell reads `$` and backticks before make does: single quotes keep them.

rutter_hash := \#
RUTTER ?= @PROGRAM@

rutter_targets := track-init track-log track-decision track-test track-blocker track-todo track-summary track-handoff track-end new-session
.PHONY: $(rutter_targets)

# Taken as they were typed: make would expand what it exports.
$(rutter_targets): override export SESSION := $(value SESSION)
$(rutter_targets): override export MSG := $(value MSG)
$(rutter_targets): override export RATIONALE := $(value RATIONALE)
$(rutter_targets): override export CATEGORY := $(value CATEGORY)
$(rutter_targets): override export PASSED := $(value PASSED)
$(rutter_targets): override export FAILED := $(value FAILED)
$(rutter_targets): override export SKIPPED := $(value SKIPPED)

rutter_needs = test -n "$$$(1)" || { echo 'error: $(1) is missing, as in `make $@ $(1)=...`' >&2; exit 2; }
rutter_text = printf '%s' "$$MSG" | $(RUTTER)
rutter_session = $${SESSION:+--session="$$SESSION"}
rutter_name = "$${SESSION:-$$CURRENT_SESSION}"

track-init:
	@$(call rutter_needs,SESSION)
	@$(RUTTER) start --number="$$SESSION"
	@printf '✅ Session %s tracking initialized\n' "$$SESSION"

track-log:
	@$(call rutter_needs,MSG)
	@$(rutter_text) log - $${CATEGORY:+--category="$$CATEGORY"} $(rutter_session)

track-decision:
	@$(call rutter_needs,MSG)
	@$(call rutter_needs,RATIONALE)
	@$(rutter_text) decision - --rationale="$$RATIONALE" $(rutter_session)

track-test:
	@$(call rutter_needs,MSG)
	@$(rutter_text) test - $${PASSED:+--passed="$$PASSED"} $${FAILED:+--failed="$$FAILED"} $${SKIPPED:+--skipped="$$SKIPPED"} $(rutter_session)

track-blocker:
	@$(call rutter_needs,MSG)
	@$(rutter_text) blocker - $(rutter_session)

track-todo:
	@$(call rutter_needs,MSG)
	@$(rutter_text) todo - $(rutter_session)

track-summary:
	@$(RUTTER) summary $(rutter_session)

track-handoff:
	@$(RUTTER) handoff --write $(rutter_session)

track-end:
	@$(RUTTER) end $(rutter_session)
	@printf '✅ Session %s tracking complete\n' $(rutter_name)

# Convenience: start a new session
new-session:
	@if test -z "$$SESSION"; then printf 'Enter session number (e.g., 00003): '; read -r SESSION; fi; \
	case "$$SESSION" in \
	''|*[!0-9]*) echo 'error: a session number has digits and nothing else' >&2; exit 2;; \
	esac; \
	$(RUTTER) start --number="$$SESSION" && \
	echo "export CURRENT_SESSION=$$SESSION" > .session.env && \
	echo "✅ Session $$SESSION started. Source .session.env to set environment"
"##;
