import "./styles/tokens.css";
import "./styles/base.css";
import { render } from "preact";
import { App } from "./app/app.tsx";
import { watchSession } from "./app/person.ts";
import { loadSession } from "./session/session.ts";

watchSession();
void loadSession();
const root = document.getElementById("app");
if (root) render(<App />, root);
