// A client as people write it after the usual tutorials: one interceptor adds the token, the other
// refreshes on each 401 and tries once more. It has no single flight: twenty 401s are twenty refreshes.

import axios from 'axios'

/**
 * @param {object} options
 * @param {string} options.baseURL where doorward is
 * @param {() => void} options.onSignOut called when a refresh is refused
 * @param {() => Promise<void>} [options.jitter] waits before a refresh, as a slow network does
 * @param {object} [options.transport] what else axios is given, such as an agent with a cookie jar
 */
export function createApi({ baseURL, onSignOut, jitter = async () => {}, transport = {} }) {
  let accessToken = null
  const api = axios.create({ baseURL, withCredentials: true, ...transport })

  api.interceptors.request.use((config) => {
    if (accessToken) config.headers.Authorization = `Bearer ${accessToken}`
    return config
  })

  api.interceptors.response.use(
    (response) => response,
    async (error) => {
      const original = error.config
      if (error.response?.status !== 401 || original._retry) throw error
      original._retry = true
      await jitter()
      try {
        const { data } = await axios.post(`${baseURL}/auth/refresh`, {}, { withCredentials: true, ...transport })
        accessToken = data.accessToken
      } catch (refused) {
        accessToken = null
        onSignOut(refused)
        throw refused
      }
      return api(original)
    },
  )

  return {
    api,
    async signIn(email, password) {
      const { data } = await api.post('/auth/login', { email, password })
      accessToken = data.accessToken
      return data.user
    },
    logoutAll: () => api.post('/auth/logout-all'),
  }
}
