/**
 * Tells the server which time zone the reader's device is in (cookie "zone"), so that times of a site in another zone
 * carry a second line. Without script, or before the second page, they carry the site's alone.
 */

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
  document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}
