import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The client is the file that the server serves at /client/doorward.js.
export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@doorward/client": process.env.CLIENT } },
});
