//! What every outgoing call needs: bounded requests, downloads, uploads to R2, and reading answers.

pub mod assets;
pub mod delay;
pub mod error_body;
pub mod file;
pub mod http;
pub mod pace;
pub mod r2;
pub mod reply;
pub mod retry_after;
pub mod sentence;
pub mod source;
pub mod upload;
pub mod video_address;
pub mod video_file;
pub mod web_crypto;
pub mod within;
