//! `GET /auth/sessions` and `DELETE /auth/sessions/{id}`.

use serde_json::json;

use crate::harness::TestServer;

#[tokio::test]
async fn ones_own_devices_are_listed_and_ended() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut phone = server.user(&mut admin, "ann").await;
    server.advance("1m");
    let mut laptop = server.browser();
    laptop.agent = "Laptop/1".to_owned();
    laptop.login("ann@example.com").await.expect(200);
    let listed = laptop.get("/auth/sessions").await;
    listed.expect(200);
    let session = |agent: &str, created: &str, current: bool| {
        json!({
            "id": "[id]", "createdAt": created, "lastUsedAt": created,
            "endsAt": created.replace("2027-01-15", "2027-02-14").replace(".25Z", "Z"),
            "address": "127.0.0.1", "userAgent": agent, "current": current,
        })
    };
    let (at, later) = ("2027-01-15T08:00:00.25Z", "2027-01-15T08:01:00.25Z");
    assert_eq!(
        listed.redacted(),
        json!({"sessions": [session("Laptop/1", later, true), session(&phone.agent, at, false)]})
    );
    let id = listed.text("/sessions/1/id");
    let others = admin.delete(&format!("/auth/sessions/{id}")).await;
    others.expect_problem(404, "not_found");
    laptop.delete(&format!("/auth/sessions/{id}")).await.expect(204);
    phone.me().await.expect_problem(401, "invalid_access_token");
    phone.refresh().await.expect_ended("ended_by_user");
    laptop.delete(&format!("/auth/sessions/{id}")).await.expect_problem(404, "not_found");
    laptop.delete("/auth/sessions/nonsense").await.expect_problem(404, "not_found");
}
