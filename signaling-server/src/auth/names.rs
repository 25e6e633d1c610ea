//! What user names, display names and passwords may look like.
use crate::error::ApiError;
use axum::http::StatusCode;

const DISPLAY_NAME_MAX: usize = 64;
const DEVICE_NAME_MAX: usize = 64;

/// A user name in the form in which it is stored and compared.
#[must_use]
pub fn fold(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

/// Folds and checks a user name: 2 to 32 characters of `a-z 0-9 . _ -`. ASCII only, so that no two names look alike.
///
/// # Errors
/// 422 `invalid_username`.
pub fn username(name: &str) -> Result<String, ApiError> {
    let name = fold(name);
    let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-');
    if (2..=32).contains(&name.len()) && name.chars().all(allowed) {
        Ok(name)
    } else {
        Err(invalid("invalid_username", "a user name has 2 to 32 characters of a-z 0-9 . _ -"))
    }
}

/// Checks a password: 8 to 128 characters.
///
/// # Errors
/// 422 `invalid_password`.
pub fn password(password: &str) -> Result<(), ApiError> {
    if (8..=128).contains(&password.chars().count()) {
        Ok(())
    } else {
        Err(invalid("invalid_password", "a password has 8 to 128 characters"))
    }
}

/// Trims and checks a display name: 1 to 64 characters, none of them a control character.
///
/// # Errors
/// 422 `invalid_display_name`.
pub fn display_name(name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    if (1..=DISPLAY_NAME_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(invalid("invalid_display_name", "a display name has 1 to 64 printable characters"))
    }
}

/// A device name, cut to what is worth keeping; it is never shown to others.
#[must_use]
pub fn device_name(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(DEVICE_NAME_MAX).collect()
}

fn invalid(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_folded() {
        assert_eq!(username(" Ada.Lovelace-1_2 ").unwrap(), "ada.lovelace-1_2");
    }

    #[test]
    fn user_names_outside_the_alphabet_or_the_length_are_refused() {
        for name in ["a", "", "ada lovelace", "аda", "ada\n", "a/b", &"x".repeat(33)] {
            // A trailing line feed is trimmed away; everything else stays wrong.
            assert_eq!(username(name).is_ok(), name == "ada\n", "{name:?}");
        }
    }

    #[test]
    fn passwords_are_counted_in_characters() {
        assert!(password("ä".repeat(8).as_str()).is_ok());
        assert!(password("1234567").is_err());
        assert!(password(&"x".repeat(129)).is_err());
    }

    #[test]
    fn display_names_hold_no_control_characters() {
        assert_eq!(display_name(" Ada ").unwrap(), "Ada");
        assert!(display_name("Ada\u{1b}[31m").is_err());
        assert!(display_name("  ").is_err());
    }
}
