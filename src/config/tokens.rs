//! Secrets: texts that do not show themselves.

use std::fmt;

use zeroize::Zeroize as _;

use super::ConfigError;

/// A text that does not show itself.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "empty" } else { "***" })
    }
}

/// What the broker lets the runner in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantToken(Secret);

impl GrantToken {
    /// A token, if it can be one: it is sent in an HTTP header.
    ///
    /// # Errors
    /// For an empty text, and for one with characters a header cannot hold.
    pub fn new(token: String) -> Result<Self, ConfigError> {
        if token.is_empty() {
            Err(ConfigError::NoToken)
        } else if token.chars().any(|c| !matches!(c, ' '..='~')) {
            Err(ConfigError::OddToken)
        } else {
            Ok(Self(Secret(token)))
        }
    }

    /// The token itself.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// What the broker gives out grant tokens for: n8n's `N8N_RUNNERS_AUTH_TOKEN`, which its launcher shares with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthToken(Secret);

impl AuthToken {
    /// A token. It is sent inside JSON, which can hold any text.
    ///
    /// # Errors
    /// For an empty text.
    pub fn new(token: String) -> Result<Self, ConfigError> {
        if token.is_empty() { Err(ConfigError::NoToken) } else { Ok(Self(Secret(token))) }
    }

    /// The token itself.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// How the runner comes to a grant token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// It was given one: good for one connection, as n8n's grant tokens are.
    Grant(GrantToken),
    /// It fetches one for each connection.
    Auth(AuthToken),
}

impl From<&GrantToken> for Credentials {
    fn from(token: &GrantToken) -> Self {
        Self::Grant(token.clone())
    }
}

impl From<&AuthToken> for Credentials {
    fn from(token: &AuthToken) -> Self {
        Self::Auth(token.clone())
    }
}
