import "./styles/tokens.css";
import "./styles/base.css";
import { render } from "preact";
import { App } from "./app/app.tsx";
import { loadSession } from "./session/session.ts";

void loadSession();
const root = document.getElementById("app");
if (root) render(<App />, root);
