// @ts-check
// Which settings of a camera people can change, and what each means.

/** @type {{id: string, title: string, text?: string, fields: import("./setting-field.js").Field[]}[]} */
export const SECTIONS = [
  {
    id: "motion", title: "Motion",
    fields: [
      { path: "motion.sensitivity", control: "motion", label: "Sensitivity to motion", hint: "Farther sees more, and has more false alarms." },
    ],
  },
  {
    id: "sound", title: "Sound",
    fields: [
      { path: "sound.enabled", control: "switch", label: "Listen", hint: "A sound begins a clip as motion does. Needs the microphone, below." },
      { path: "sound.sensitivity", control: "sound", label: "Sensitivity to sound" },
    ],
  },
  {
    id: "clip", title: "Clip",
    fields: [
      {
        path: "clip.pre_roll_seconds", control: "number", label: "Before the trigger",
        hint: "How much of what was just before is in the clip.",
        unit: "s", minimum: 1, maximum: 10,
      },
      {
        path: "clip.post_roll_seconds", control: "number", label: "After the last motion",
        hint: "So long it goes on when all is still again.",
        unit: "s", minimum: 1, maximum: 30,
      },
      {
        path: "clip.max_seconds", control: "number", label: "Longest clip",
        hint: "What lasts longer is cut here.",
        unit: "s", minimum: 5, maximum: 120,
      },
      {
        path: "clip.cooldown_seconds", control: "number", label: "Pause between clips",
        hint: "Somebody who comes begins a new clip all the same.",
        unit: "s", minimum: 0, maximum: 300,
      },
      {
        path: "preview_first", control: "switch", label: "Preview first",
        hint: "Only some pictures are sent at first. The clip follows if the hub finds them of interest; else it stays on the camera, for you to fetch.",
      },
    ],
  },
  {
    id: "capture", title: "Picture",
    text: "A change of these starts the camera again, which takes a moment.",
    fields: [
      {
        path: "capture.facing", control: "select", label: "Camera",
        hint: "Which of the phone's cameras watches.",
        options: [["environment", "Back"], ["user", "Front"]],
      },
      {
        path: "capture.resolution", control: "select", label: "Resolution",
        hint: "More shows more, and needs more of the phone and of the network.",
        options: [["480p", "640 × 480"], ["720p", "1280 × 720"], ["1080p", "1920 × 1080"]],
      },
      { path: "capture.fps", control: "number", label: "Pictures a second", hint: "Fewer keep an old phone cool.", minimum: 5, maximum: 30 },
      {
        path: "capture.quality", control: "select", label: "Quality",
        hint: "How much may be lost to make clips smaller.",
        options: [["low", "Low"], ["medium", "Medium"], ["high", "High"]],
      },
      { path: "capture.audio", control: "switch", label: "Microphone", hint: "Record sound with the picture." },
      { path: "capture.torch", control: "switch", label: "Torch while watching", hint: "Where the phone has one. It is seen, and it needs power." },
    ],
  },
];
