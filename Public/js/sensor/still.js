// @ts-check
// One picture of the camera, as JPEG.

const STILL_WIDTH = 640;
const QUALITY = 0.75;

/** What is shown now. @param {HTMLVideoElement} video @returns {Promise<Uint8Array|null>} */
export async function stillOf(video) {
  const { videoWidth, videoHeight } = video;
  if (!videoWidth) return null;
  const width = Math.min(STILL_WIDTH, videoWidth);
  const canvas = new OffscreenCanvas(width, Math.round((width * videoHeight) / videoWidth));
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  return new Uint8Array(await blob.arrayBuffer());
}
