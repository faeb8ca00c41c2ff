// @ts-check
/**
 * On every page of an officer whose session is on no device yet: if this browser is a room's device,
 * it proves that it is, and the page is loaded again with the device's rights.
 */
import { api, Refused } from "./http.js";
import { enrolled, sign } from "./room_device.js";
import { toast } from "./toast.js";

const found = await enrolled();
if (found !== null) {
  try {
    const { id, challenge } = await api("/api/room-device/challenge", { method: "POST", body: {} });
    const signature = await sign(found.key, "sign-in", found.device, "", challenge);
    const body = { device: found.device, signature };
    await api(`/api/room-device/challenge/${id}`, { method: "POST", body });
    location.reload();
  } catch (error) {
    if (error instanceof Refused) toast(error.message);
  }
}
