using Mono.Cecil;
using Mono.Cecil.Cil;

namespace TorrentPS.Engine.Tests.Layers;

/// <summary>Which types of an assembly refer to which others of it, by everything that is compiled: bases, members, signatures, bodies and attributes.</summary>
/// <remarks>Nested types, those that the compiler makes among them, count as the type that they stand in. Constants are copied by the compiler and leave no trace.</remarks>
internal sealed class TypeReferences
{
    private readonly ModuleDefinition _module;
    private readonly Dictionary<(TypeDefinition From, TypeDefinition To), string> _references = [];

    private TypeReferences(ModuleDefinition module) => _module = module;

    /// <summary>One entry a pair, with a member of the first in which the second occurs.</summary>
    public static IReadOnlyDictionary<(TypeDefinition From, TypeDefinition To), string> Of(string assembly)
    {
        ModuleDefinition module = ModuleDefinition.ReadModule(assembly);
        TypeReferences references = new(module);
        foreach (TypeDefinition type in module.GetTypes())
            references.Read(type);
        return references._references;
    }

    private void Read(TypeDefinition type)
    {
        Add(type, type.BaseType, "its base");
        foreach (InterfaceImplementation implemented in type.Interfaces)
            Add(type, implemented.InterfaceType, "its interfaces");
        AddGenerics(type, type, "its constraints");
        AddAttributes(type, type, "its attributes");
        foreach (FieldDefinition field in type.Fields)
        {
            Add(type, field.FieldType, field.Name);
            AddAttributes(type, field, field.Name);
        }

        foreach (MethodDefinition method in type.Methods)
        {
            AddMethod(type, method, method.Name);
            AddAttributes(type, method, method.Name);
            if (method.HasBody)
                ReadBody(type, method);
        }
    }

    private void ReadBody(TypeDefinition type, MethodDefinition method)
    {
        foreach (VariableDefinition variable in method.Body.Variables)
            Add(type, variable.VariableType, method.Name);
        foreach (ExceptionHandler handler in method.Body.ExceptionHandlers)
            Add(type, handler.CatchType, method.Name);
        foreach (Instruction instruction in method.Body.Instructions)
        {
            if (instruction.Operand is MethodReference called)
            {
                Add(type, called.DeclaringType, method.Name);
                AddMethod(type, called, method.Name);
            }
            else if (instruction.Operand is FieldReference field)
            {
                Add(type, field.DeclaringType, method.Name);
                Add(type, field.FieldType, method.Name);
            }
            else if (instruction.Operand is TypeReference named)
            {
                Add(type, named, method.Name);
            }
        }
    }

    private void AddMethod(TypeDefinition from, MethodReference method, string member)
    {
        Add(from, method.ReturnType, member);
        foreach (ParameterDefinition parameter in method.Parameters)
            Add(from, parameter.ParameterType, member);
        if (method is GenericInstanceMethod instance)
        {
            foreach (TypeReference argument in instance.GenericArguments)
                Add(from, argument, member);
        }

        AddGenerics(from, method, member);
    }

    private void AddGenerics(TypeDefinition from, IGenericParameterProvider provider, string member)
    {
        foreach (GenericParameterConstraint constraint in provider.GenericParameters.SelectMany(parameter => parameter.Constraints))
            Add(from, constraint.ConstraintType, member);
    }

    private void AddAttributes(TypeDefinition from, ICustomAttributeProvider provider, string member)
    {
        foreach (CustomAttribute attribute in provider.CustomAttributes)
            Add(from, attribute.AttributeType, member);
    }

    private void Add(TypeDefinition from, TypeReference? to, string member)
    {
        if (to is null or GenericParameter)
            return;
        if (to is GenericInstanceType instance)
        {
            foreach (TypeReference argument in instance.GenericArguments)
                Add(from, argument, member);
        }

        if (to is TypeSpecification made)
        {
            Add(from, made.ElementType, member);
            return;
        }

        if (to.Module == _module && to.Scope == _module && to.Resolve() is { } found && Outermost(found) is { } target && Outermost(from) is { } source && target != source)
            _references.TryAdd((source, target), member);
    }

    private static TypeDefinition Outermost(TypeDefinition type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
