// What people are told who cannot get in.

extension APIError {
    static let invalidCredentials = APIError(status: 401, code: "invalid_credentials", message: "the e-mail address or the password is wrong")
    /// The password was right.
    static let codeRequired = APIError(status: 401, code: "totp_required", message: "the code of the authenticator app is needed")
    static let invalidCode = APIError(status: 401, code: "invalid_totp", message: "this code is wrong, too old or was used before")
    static let emailUnverified = APIError(
        status: 403, code: "email_unverified", message: "this address has not been confirmed; open the link that was mailed to it")
    /// Of who is signed in: not 401, since the token is good.
    static func wrongPassword(_ field: String) -> APIError {
        APIError(status: 403, code: "invalid_credentials", message: "this is not your password", field: field)
    }
    static let signUpClosed = APIError(status: 403, code: "sign_up_closed", message: "this hub takes new people by invitation only, if at all")
    static let emailTaken = conflict("email_taken", "there is somebody with this address; sign in instead")
    static let noMail = conflict("not_configured", "this hub cannot send mail: SMTP_URL and PUBLIC_URL have to be set")
    static let overloaded = APIError(status: 503, code: "busy", message: "the hub has much to do just now; try again in a moment")
}
