using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>The MSE handshake failed: the connection is of no further use and has to be closed.</summary>
internal sealed class MseException : TorrentException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="failure">Why the handshake failed.</param>
    /// <param name="message">What the peer did.</param>
    /// <param name="innerException">The fault of the stream, if it was one.</param>
    public MseException(MseFailure failure, string message, Exception? innerException = null)
        : base(TorrentErrorId.Unexpected, $"The encrypted handshake failed: {message}", innerException) => Failure = failure;

    /// <summary>Why the handshake failed.</summary>
    public MseFailure Failure { get; }
}
