//! Short forms of ids and names.

/// `wi_01jd8v…k4qz`: the prefix and both ends of an id; short texts stay.
pub fn short_id(id: &str) -> String {
    let characters: Vec<char> = id.chars().collect();
    if characters.len() <= 14 {
        return id.to_owned();
    }
    let end: String = characters[characters.len() - 4..].iter().collect();
    let start: String = characters[..6].iter().collect();
    format!("{start}…{end}")
}

/// One or two letters for an avatar: first and last word; the last two signs of a Chinese name.
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    match words.as_slice() {
        [] => "?".to_owned(),
        [one] => {
            let signs: Vec<char> = one.chars().collect();
            if signs[0].is_ascii() {
                signs.iter().take(2).collect::<String>().to_uppercase()
            } else {
                signs.iter().rev().take(2).rev().collect()
            }
        }
        [first, .., last] => {
            [first, last].iter().filter_map(|word| word.chars().next()).collect::<String>().to_uppercase()
        }
    }
}

/// The hue of a person: the same for the same name. Hues near the accent and the failure red come last.
pub fn person_hue(name: &str) -> &'static str {
    const HUES: [&str; 5] = ["wisteria", "indigo", "plum", "persimmon", "moss"];
    let sum = name.bytes().fold(7usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    HUES[sum % HUES.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_ends() {
        assert_eq!(short_id("wi_01jd8vabcdefghjkmnpqrsk4qz"), "wi_01j…k4qz");
        assert_eq!(short_id("wf_short"), "wf_short");
    }

    #[test]
    fn initials_in_both_scripts() {
        assert_eq!(initials("Mara Okafor"), "MO");
        assert_eq!(initials("admin"), "AD");
        assert_eq!(initials("欧阳锋"), "阳锋");
        assert_eq!(initials("  "), "?");
    }
}
