//! Stand-in.
pub(super) fn blob_id(bytes: &[u8]) -> String {
    format!("{:?}", bytes.len())
}
