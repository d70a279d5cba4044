//! Where hooks leave events until somebody takes them into the store.
