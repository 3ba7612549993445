//! What must happen once, or not at all, whoever asks at the same time.

use serde_json::json;

use crate::attack::target::{PASSWORD, Target, bearer, side_by_side};

fn count(answers: &[u16], status: u16) -> usize {
    answers.iter().filter(|answer| **answer == status).count()
}

#[test]
fn of_many_who_set_up_at_once_one_does() {
    let target = Target::start(|_| {});
    let secret = target.setup_secret();
    let answers = side_by_side(8, |number| {
        let body = json!({"secret": secret, "email": format!("admin{number}@example.com"), "password": PASSWORD});
        target.post(number, "/auth/setup", "", &body).status
    });
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 7), "{answers:?}");
}

#[test]
fn of_many_who_register_one_address_at_once_one_does() {
    let target = Target::start(|_| {});
    let spellings = ["ann@example.com", " Ann@Example.com", "ANN@EXAMPLE.COM\t"];
    let answers = side_by_side(6, |number| target.user(spellings[number as usize % 3]).status);
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 5), "{answers:?}");
}

#[test]
fn of_many_who_use_a_link_at_once_one_does() {
    let target = Target::start(|_| {});
    let admin = target.admin();
    let invited = target.post(0, "/auth/admin/users", &admin, &json!({"email": "bob@example.com"})).json();
    let secret = invited["link"]["url"].as_str().unwrap().rsplit_once('#').unwrap().1.to_owned();
    let answers = side_by_side(6, |number| {
        let body = json!({"secret": secret, "password": format!("{PASSWORD} {number}")});
        target.post(number, "/auth/link", "", &body).status
    });
    assert_eq!((count(&answers, 204), count(&answers, 410)), (1, 5), "{answers:?}");
    let chosen = answers.iter().position(|status| *status == 204).unwrap();
    assert_eq!(target.guess(99, "bob@example.com", &format!("{PASSWORD} {chosen}")).status, 200);
}

#[test]
fn two_administrators_who_remove_each_other_at_once_leave_one() {
    for act in ["", "/disable"] {
        let target = Target::start(|_| {});
        let first = target.admin();
        let invited = target.post(0, "/auth/admin/users", &first, &json!({"email": "b@example.com", "role": "admin"}));
        let invited = invited.json();
        let secret = invited["link"]["url"].as_str().unwrap().rsplit_once('#').unwrap().1;
        let body = json!({"secret": secret, "password": PASSWORD});
        assert_eq!(target.post(0, "/auth/link", "", &body).status, 204);
        let second = target.guess(0, "b@example.com", PASSWORD);
        let me = target.get("/auth/me", &first).json();
        let ids = [invited["user"]["id"].as_str().unwrap(), me["id"].as_str().unwrap()];
        let bearers = [first, bearer(&second)];
        let answers = side_by_side(2, |number| {
            let (id, by) = (ids[number as usize], &bearers[number as usize]);
            let method = if act.is_empty() { "DELETE" } else { "POST" };
            target.call(method, &format!("/auth/admin/users/{id}{act}"), by, "").status
        });
        let refused = answers.iter().filter(|status| [401, 409].contains(*status)).count();
        assert_eq!(refused, 1, "{act}: {answers:?}");
    }
}

#[test]
fn of_many_who_change_a_password_at_once_one_does_and_older_sign_ins_are_over() {
    let target = Target::start(|_| {});
    let user = target.user("ann@example.com");
    let token = bearer(&user);
    let answers = side_by_side(5, |number| {
        if number == 4 {
            return target.guess(number, "ann@example.com", PASSWORD);
        }
        let body = json!({"currentPassword": PASSWORD, "newPassword": format!("{PASSWORD} {number}")});
        target.post(number, "/auth/password", &token, &body)
    });
    let (sign_in, changes) = answers.split_last().unwrap();
    let statuses: Vec<u16> = changes.iter().map(|answer| answer.status).collect();
    assert_eq!((count(&statuses, 200), count(&statuses, 401)), (1, 3), "{statuses:?}");
    // Before the change it was good and is over now; after it the password is wrong.
    match sign_in.status {
        200 => assert_eq!(target.get("/auth/me", &bearer(sign_in)).status, 401),
        other => assert_eq!(other, 401),
    }
    let survivor = changes.iter().find(|answer| answer.status == 200).unwrap();
    assert_eq!(target.get("/auth/me", &bearer(survivor)).status, 200);
    assert_eq!(target.get("/auth/me", &token).status, 401);
}

#[test]
fn a_device_that_is_forgotten_while_its_password_is_hashed_signs_in_all_the_same() {
    let target = Target::start(|config| config.passwords.bcrypt_cost = 9);
    let admin = target.admin();
    let id = target.user("ann@example.com").json()["user"]["id"].as_str().unwrap().to_owned();
    let mut cookie = String::new();
    for _ in 0..6 {
        let answers = side_by_side(2, |number| {
            if number == 0 {
                let body = json!({"email": "ann@example.com", "password": PASSWORD});
                return target.post(1, "/auth/login", &cookie, &body);
            }
            // A few requests later the look at the account is over, and the hash is not.
            for _ in 0..3 {
                target.get("/healthz", "");
            }
            target.post(2, &format!("/auth/admin/users/{id}/unlock"), &admin, &json!({}))
        });
        assert_eq!((answers[0].status, answers[1].status), (200, 200), "{:?}", answers[0]);
        let device =
            answers[0].head.iter().find_map(|line| line.strip_prefix("set-cookie: device=")).map(str::to_owned);
        if let Some(device) = device {
            cookie = format!("Cookie: device={}\r\n", device.split(';').next().unwrap());
        }
    }
}

#[test]
fn good_sign_ins_side_by_side_are_all_good_when_the_first_gets_a_better_hash() {
    let target = Target::start(|_| {});
    target.user("ann@example.com");
    let target = target.restart(|config| config.passwords.bcrypt_cost = 8);
    let answers = side_by_side(4, |number| target.guess(number, "ann@example.com", PASSWORD).status);
    assert_eq!(answers, [200; 4]);
}
