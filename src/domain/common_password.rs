//! The passwords that a guesser tries first, inside the binary. `assets/passwords/README.md` names their source.

/// Sorted by bytes, one a line, in lower case and NFC: it is searched where it stands.
const LIST: &str = include_str!("../../assets/passwords/common.txt");

/// Whether the whole of a password, given in lower case and NFC, is a common one.
pub fn is_common(folded: &str) -> bool {
    let word = folded.as_bytes();
    let mut rest = LIST.as_bytes();
    while !rest.is_empty() {
        let middle = rest.iter().take(rest.len() / 2);
        let start = middle.rev().position(|byte| *byte == b'\n').map_or(0, |back| rest.len() / 2 - back);
        let (before, from) = rest.split_at(start);
        let end = from.iter().position(|byte| *byte == b'\n').unwrap_or(from.len());
        let (line, after) = from.split_at(end);
        match line.cmp(word) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = after.get(1..).unwrap_or_default(),
            std::cmp::Ordering::Greater => rest = before,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::is_nfc;

    #[test]
    fn the_list_is_sorted_unique_folded_and_long_enough() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()));
        assert!(lines.iter().filter(|line| line.chars().count() >= 8).count() >= 3000);
        assert!(LIST.ends_with('\n') && !LIST.contains(['\r', '\0']));
        for line in lines {
            assert!(line.chars().count() >= 6 && is_nfc(line) && line.to_lowercase() == line, "{line:?}");
        }
    }

    #[test]
    fn every_line_is_found_and_its_neighbours_are_not() {
        for line in LIST.lines() {
            assert!(is_common(line), "{line:?}");
            assert!(!is_common(&format!("{line}\n")), "{line:?}");
            assert!(!is_common(&format!("{line}\u{1}")), "{line:?}");
        }
        for word in ["password1", "qwerty123", "12345678", "123456789", "iloveyou"] {
            assert!(is_common(word), "{word:?}");
        }
        for word in ["", "\n", "\u{10ffff}", "pass", "correct horse battery staple"] {
            assert!(!is_common(word), "{word:?}");
        }
    }
}
