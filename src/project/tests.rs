//! The loader against projects written into a temporary folder.
