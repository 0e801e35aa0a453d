// Debian's Firefox, without a window and without anything that drives it: it opens a page, which says by itself what it has found.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { writeFileSync } from "node:fs"
import { join } from "node:path"

const FIREFOX = "/usr/bin/firefox-esr"

/** Whether tests with it are left out, and how their names say so. */
export const leftFirefox = !existsSync(FIREFOX) && process.env["SWAPLAB_REQUIRE_PEERS"] !== "1"
export const noteFirefox = leftFirefox ? " (not installed: firefox-esr)" : ""

/** It is to ask nobody for anything, and to show no page of its own. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "toolkit.telemetry.enabled": false
}

/** Opens an address with a new profile in a folder, until it is ended. */
export const openFirefox = (url: string, profile: string): { readonly end: () => Promise<void> } => {
  writeFileSync(
    join(profile, "user.js"),
    Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join("")
  )
  const child = spawn(FIREFOX, ["--headless", "--no-remote", "--profile", profile, url], {
    // it keeps caches and settings below the profile, and takes no part in a desktop
    env: { PATH: process.env["PATH"], HOME: profile, MOZ_HEADLESS: "1" },
    stdio: "ignore"
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", () => resolve())
  })
  return {
    end: () => {
      child.kill("SIGTERM")
      return ended
    }
  }
}
