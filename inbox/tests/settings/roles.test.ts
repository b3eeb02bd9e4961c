import { expect, test } from "vitest";
import type { Role } from "../../src/api/types.ts";
import { describeRole, serviceRoles } from "../../src/settings/roles.ts";

const role = (name: string, type: Role["type"] = "service"): Role => ({
  sid: name,
  friendly_name: name,
  type,
  permissions: [],
});

test("roles of people are shown, those in use first", () => {
  const counts: Record<string, number> = { member: 2, limited: 2 };
  const roles = [role("auditor"), role("member"), role("channel user", "conversation"), role("limited")];
  const shown = serviceRoles(roles, ({ sid }) => counts[sid] ?? 0);
  expect(shown.map(({ sid }) => sid)).toEqual(["limited", "member", "auditor"]);
});

test("what a role permits is told in one order, and what has no words is counted", () => {
  const permissions = ["writeAsLine", "editConversationAttributes", "viewAnyConversation", "somethingNew"];
  expect(describeRole({ permissions })).toEqual({ known: ["viewAnyConversation", "writeAsLine"], more: 2 });
});
