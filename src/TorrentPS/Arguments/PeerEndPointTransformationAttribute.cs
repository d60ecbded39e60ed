using System.Collections;
using System.Management.Automation;
using System.Net;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Values;

namespace TorrentPS.Arguments;

/// <summary>Accepts peers as text (<c>192.0.2.1:6881</c>), as end points, and as output of Get-TorrentPeer and Test-PeerHandshake.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class PeerEndPointTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData is PSObject wrapped && wrapped.BaseObject is not PSCustomObject ? wrapped.BaseObject : inputData;
        return value is IEnumerable many and not string ? many.Cast<object?>().Select(ToEndPoint).ToArray() : [ToEndPoint(value)];
    }

    private static EndPoint ToEndPoint(object? item)
    {
        object? value = item is PSObject wrapped && wrapped.BaseObject is not PSCustomObject ? wrapped.BaseObject : item;
        return value switch
        {
            IPEndPoint { Port: > 0 } endPoint => endPoint,
            DnsEndPoint { Port: > 0 } endPoint => endPoint,
            string text when PeerAddress.TryParse(text, out PeerAddress peer) => peer.ToEndPoint(),
            // A peer or a handshake, or its deserialized form from a file or another process.
            not null and not string when OfProperties(PSObject.AsPSObject(value)) is { } endPoint => endPoint,
            _ => throw new ArgumentTransformationMetadataException(SafeText.Escape($"'{value}' is not a peer. Give {PeerAddress.Expected}, or an object from Get-TorrentPeer.")),
        };
    }

    private static EndPoint? OfProperties(PSObject item) =>
        item.Properties["Address"]?.Value is { } address
            && LanguagePrimitives.TryConvertTo(item.Properties["Port"]?.Value, out int port)
            && PeerAddress.TryCreate(address.ToString(), port, out PeerAddress peer)
                ? peer.ToEndPoint()
                : null;
}
