import "./session-screen.css";
import { Button } from "../ui/button.tsx";
import { words } from "../words/words.ts";
import { loadSession, type SessionState, SIGN_IN_URL } from "./session.ts";

type Props = { state: Exclude<SessionState, { kind: "signed-in" }> };

/** What is shown instead of the app: the way in, or what stands in it. */
export function SessionScreen({ state }: Props) {
  if (state.kind === "loading") return <p class="visually-hidden">{words.app.loading}</p>;
  const { title, text } = describe(state.kind);
  return (
    <main class="session">
      <img class="session-mark" src="./icons/icon.svg" alt="" width="56" height="56" />
      <h1>{title}</h1>
      <p>{text}</p>
      {state.kind === "unreachable" ? (
        <Button kind="primary" onClick={() => void loadSession()}>
          {words.app.retry}
        </Button>
      ) : (
        <a class="button button-primary" href={SIGN_IN_URL}>
          {words.session.signIn}
        </a>
      )}
    </main>
  );
}

function describe(kind: Exclude<Props["state"]["kind"], "loading">): { title: string; text: string } {
  switch (kind) {
    case "signed-out":
      return { title: words.session.title, text: words.session.text };
    case "ended":
      return { title: words.session.ended, text: words.session.endedText };
    case "no-access":
      return { title: words.session.noAccess, text: words.session.noAccessText };
    case "unreachable":
      return { title: words.session.unreachable, text: words.session.unreachableText };
  }
}
