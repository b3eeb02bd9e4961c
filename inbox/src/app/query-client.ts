/** The cache of what the server has answered. Live events keep it right; see `live/`. */

import { QueryClient } from "@tanstack/preact-query";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Live events say what has changed, so nothing is read again merely because it is shown again.
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 30 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      // The REST client repeats a request some times; what has failed all the same is read again by `api/recovery.ts`.
      retry: false,
      networkMode: "always",
    },
    mutations: { retry: false, networkMode: "always" },
  },
});
