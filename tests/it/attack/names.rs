//! Addresses that look like another's, or that no list would show.

use crate::attack::target::Target;

#[test]
fn an_address_that_looks_like_another_by_what_is_not_seen_is_refused() {
    let target = Target::start(|_| {});
    assert_eq!(target.user("zed@example.com").status, 201);
    for unseen in ["\u{ad}", "\u{200b}", "\u{202e}", "\u{2066}", "\u{feff}", "\u{3164}", "\u{e0001}", "\u{fdd0}"] {
        for email in [format!("{unseen}zed@example.com"), format!("z{unseen}ed@example.com")] {
            let answer = target.user(&email);
            assert_eq!((answer.status, answer.json()["code"].as_str()), (422, Some("invalid_email")), "{email:?}");
        }
    }
    for spelling in [" zed@example.com\t", "ZED@Example.com", "\u{ff3a}ed@example.com".trim(), "zed@ex\u{ad}ample.com"]
    {
        let taken = target.user(spelling).status;
        // A full-width letter is another letter, and is seen as one.
        assert_eq!(taken, if spelling.starts_with('\u{ff3a}') { 201 } else { 409 }, "{spelling:?}");
    }
}

#[test]
fn the_list_of_users_hides_nobody() {
    let target = Target::start(|_| {});
    let admin = target.admin();
    let mut made = vec!["root@example.com".to_owned()];
    for local in ["%", "_", "!", "~", "{|}", "a'b", "a%b", "é", "\u{10fffd}", "\u{10ffff}", "\u{ffff}", "😀", "ß", "İ"]
    {
        let email = format!("{local}@example.com");
        if target.user(&email).status == 201 {
            made.push(email);
        }
    }
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = target.get(&format!("/auth/admin/users?limit=3{cursor}"), &admin).json();
        listed.extend(page["users"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    listed.sort();
    made.sort();
    assert_eq!(listed, made);
    for (search, found) in [("%25", 1), ("_", 1), ("a%25", 1), ("A", 2), ("e%CC%81", 1), ("%C3%89", 1), ("%00", 0)] {
        let page = target.get(&format!("/auth/admin/users?search={search}"), &admin).json();
        assert_eq!(page["users"].as_array().unwrap().len(), found, "{search}: {page}");
    }
}
