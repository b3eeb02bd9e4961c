/** The cache of what the server has answered. Live events keep it right; see `live/`. */

import { QueryClient } from "@tanstack/preact-query";
import { ApiError } from "../../../clients/javascript/rest.js";
import { SessionEndedError } from "../session/session.ts";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Live events say what has changed, so nothing is read again merely because it is shown again.
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 30 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      // The REST client has repeated what a repetition can help.
      retry: false,
      networkMode: "always",
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

/** Whether an error says that something does not exist, or is not to be seen. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Whether the person must sign in again. */
export function isSessionEnd(error: unknown): boolean {
  return error instanceof SessionEndedError || (error instanceof ApiError && error.status === 401);
}
