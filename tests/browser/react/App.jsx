import { useEffect, useState, useSyncExternalStore } from "react";
import axios from "axios";
import { createAuth } from "@doorward/client";

export const auth = createAuth({ url: import.meta.env.VITE_DOORWARD });
const api = axios.create({ baseURL: import.meta.env.VITE_DOORWARD });
auth.attachAxios(api); // adds the token, and renews it where it ran out
const useAuth = () => useSyncExternalStore(auth.onChange, () => auth.status);

export function App() {
  const { state, user, reason } = useAuth();
  useEffect(() => void auth.token().catch(() => {}), []); // is somebody signed in already?
  if (state === "unknown") return <p>One moment …</p>;
  return state === "signed-in" ? <Home user={user} /> : <SignIn reason={reason} />;
}

function SignIn({ reason }) {
  const [problem, setProblem] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    const { email, password } = Object.fromEntries(new FormData(event.currentTarget));
    await auth.login(email, password).catch((error) => setProblem(error.detail));
  };
  return (
    <form onSubmit={submit}>
      <p role="alert">{problem || `Signed out: ${reason}`}</p>
      <input name="email" type="email" autoComplete="username" aria-label="E-mail" required />
      <input name="password" type="password" autoComplete="current-password" aria-label="Password" required />
      <button>Sign in</button>
    </form>
  );
}

function Home({ user }) {
  const [me, setMe] = useState("");
  const call = async () => setMe((await api.get("/auth/me").catch((error) => error.response)).data.sessionId ?? "");
  const button = (text, act) => <button onClick={() => act().catch(alert)}>{text}</button>;
  return <main>{user.email} {button("Call", call)} {button("Sign out", auth.logout)} <code>{me}</code></main>;
}
