// How a page in TypeScript uses the client: this file only has to compile.
import axios from "axios";
import { type Auth, AuthError, type Status, type User, createAuth, version } from "../../assets/client/doorward.js";

const auth: Auth = createAuth({ url: "https://auth.example.com", audience: ["https://api.example.com"] });
const { fetch, token } = auth;

export async function everything(): Promise<string> {
  const stop: () => void = auth.onChange((status: Status) => {
    if (status.state === "signed-out") status.reason.toUpperCase();
    if (status.state === "signed-in") status.user.role.toUpperCase();
    // @ts-expect-error: nobody is signed in
    if (status.state === "unknown") status.user.role;
  });
  const eject: () => void = auth.attachAxios(axios.create());
  auth.attachAxios(axios);
  try {
    const user: User = await auth.login("ann@example.com", "a password");
    const ended: number = await auth.logoutEverywhere();
    const text: string | null = (await token()) ?? (await auth.refresh());
    const answer: Response = await fetch(new URL("https://api.example.com"), { method: "POST", body: "{}" });
    return version + user.id + ended + text + answer.status + auth.timeLeft;
  } catch (error) {
    if (error instanceof AuthError) return `${error.code} ${error.reason} ${error.retryAfter?.toFixed()}`;
    throw error;
  } finally {
    stop();
    eject();
    auth.close();
  }
}

// @ts-expect-error: who is signed in can't be set
auth.user = null;
// @ts-expect-error: a list is needed
createAuth({ audience: "https://api.example.com" });
