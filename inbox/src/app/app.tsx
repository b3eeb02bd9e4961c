import { QueryClientProvider } from "@tanstack/preact-query";
import { Router } from "wouter-preact";
import { useHashLocation } from "wouter-preact/use-hash-location";
import { SessionContext } from "../person/current.ts";
import { sessionState } from "../session/session.ts";
import { SessionScreen } from "../session/session-screen.tsx";
import { queryClient } from "./query-client.ts";
import { Shell } from "./shell.tsx";

/** The whole page: the signed-in app, or what stands in its way. */
export function App() {
  const state = sessionState.value;
  if (state.kind !== "signed-in") return <SessionScreen state={state} />;
  return (
    <SessionContext.Provider value={state.session}>
      <QueryClientProvider client={queryClient}>
        <Router hook={useHashLocation}>
          <Shell />
        </Router>
      </QueryClientProvider>
    </SessionContext.Provider>
  );
}
