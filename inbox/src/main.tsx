import "./styles/tokens.css";
import "./styles/base.css";
import { render } from "preact";
import { App } from "./app/app.tsx";
import { watchSession } from "./app/person.ts";
import { refuseOtherDrops } from "./composer/file-drop.ts";
import { watchShortcuts } from "./navigation/shortcuts.ts";
import { loadPreferences } from "./person/preferences.ts";
import { loadSession } from "./session/session.ts";

loadPreferences();
watchShortcuts();
refuseOtherDrops();
watchSession();
void loadSession();
const root = document.getElementById("app");
if (root) render(<App />, root);
