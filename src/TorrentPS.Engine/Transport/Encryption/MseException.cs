using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>The MSE handshake failed: the connection is unusable and must be closed.</summary>
internal sealed class MseException : TorrentException
{
    /// <summary>Creates an exception.</summary>
    /// <param name="failure">Why the handshake failed.</param>
    /// <param name="message">The error of the peer.</param>
    /// <param name="innerException">The error of the stream, if that is the cause.</param>
    public MseException(MseFailure failure, string message, Exception? innerException = null)
        : base(TorrentErrorId.Unexpected, $"The encrypted handshake failed: {message}", innerException) => Failure = failure;

    /// <summary>Why the handshake failed.</summary>
    public MseFailure Failure { get; }
}
