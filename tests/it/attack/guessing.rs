//! What many guesses at once, or guesses whose answer nobody waits for, would tell or save.

use std::io::{Read as _, Write as _};

use crate::attack::target::{PASSWORD, Target, side_by_side};

/// So many failures at an account, each from another address; then the wait that they began is over.
fn use_up(target: &Target, email: &str) {
    for number in 0..11 {
        assert_eq!(target.guess(1000 + number, email, "wrong password").status, 401, "{email}");
    }
    assert_eq!(target.guess(1100, email, PASSWORD).status, 429, "{email} waits");
    target.advance("1001ms");
}

#[test]
fn guesses_side_by_side_do_not_tell_the_right_one_once_a_wait_began() {
    let target = Target::start(|config| config.passwords.bcrypt_cost = 8);
    target.user("ann@example.com");
    use_up(&target, "ann@example.com");
    let answers = side_by_side(8, |number| {
        let password = if number == 5 { PASSWORD } else { "wrong password" };
        target.guess(number, "ann@example.com", password).status
    });
    // Which comes first is chance: if the right one does, it signs in, and the rest failed after it.
    let (right, wrong): (Vec<_>, Vec<_>) = answers.iter().enumerate().partition(|(number, _)| *number == 5);
    let looked_at = wrong.iter().filter(|(_, status)| **status == 401).count();
    match right[0].1 {
        200 => {}
        429 => assert_eq!(looked_at, 1, "{answers:?}"),
        other => panic!("{other}"),
    }
}

#[test]
fn a_name_that_is_nobodys_waits_as_long_as_an_account_after_guesses_side_by_side() {
    let target = Target::start(|config| config.passwords.bcrypt_cost = 8);
    target.user("ann@example.com");
    let waits = ["ann@example.com", "nobody@example.com"].map(|email| {
        use_up(&target, email);
        let mut answers: Vec<_> =
            side_by_side(8, |number| target.guess(number, email, "wrong password")).into_iter().collect();
        answers.push(target.guess(50, email, "wrong password"));
        let mut seen: Vec<_> = answers
            .iter()
            .map(|answer| (answer.status, answer.body.clone(), answer.header("retry-after").map(str::to_owned)))
            .collect();
        seen.sort();
        seen
    });
    assert_eq!(waits[0], waits[1]);
}

#[test]
fn a_guesser_who_hangs_up_while_it_is_hashed_is_counted() {
    let target = Target::start(|config| config.passwords.bcrypt_cost = 12);
    let admin = target.admin();
    target.user("ann@example.com");
    // Somewhat later at each try: where the guess is not yet taken up, there is nothing to count; and a reset
    // that comes with the guess itself is taken for a client that only says that it sends no more.
    // On a busy machine the hash begins late: the last tries give it long.
    let tries: Vec<u32> = (5..30).chain((5..12).map(|power| 1 << power)).collect();
    let counted = tries.iter().any(|number| {
        let before = target.failures(&admin, "ann@example.com");
        // The look at the account comes after what was queued for its file.
        hang_up(&target, *number) && (0..200).any(|_| target.failures(&admin, "ann@example.com") > before)
    });
    assert!(counted, "nothing was counted in {tries:?} tries");
}

/// Sends a guess and closes the connection with an answer unread, which resets it: the server sees at
/// once that nobody is there. False where the guess was answered before that: then there is nothing to learn.
fn hang_up(target: &Target, number: u32) -> bool {
    let body = r#"{"email":"ann@example.com","password":"wrong password"}"#;
    let mut stream = target.connect();
    let health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(health.as_bytes()).unwrap();
    let mut some = [0; 1];
    stream.read_exact(&mut some).unwrap();
    let head = "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
    let length = body.len();
    let request = format!(
        "{head}\r\nX-Forwarded-For: 10.9.{}.{}\r\nContent-Length: {length}\r\n\r\n{body}",
        number / 200,
        number % 200
    );
    stream.write_all(request.as_bytes()).unwrap();
    for _ in 0..number {
        assert_eq!(target.get("/healthz", "").status, 200);
    }
    let mut came = [0; 4096];
    let length = stream.peek(&mut came).unwrap();
    !String::from_utf8_lossy(&came[..length]).contains("HTTP/1.1 4")
}
